import { KeyRound } from "lucide-react";
import { CommandLine } from "@/components/ui/command_line.tsx";
import { Empty } from "@/components/ui/empty.tsx";
import { Panel } from "@/components/ui/panel.tsx";

export function NeedsSetup() {
  return (
    <Panel flush>
      <Empty icon={KeyRound} title="This Otedama has no owner yet">
        <p>When it starts, it prints a set-up link that works once. Open that link to become its owner.</p>
        <CommandLine label="Printed at the end of" command="npm start" />
      </Empty>
    </Panel>
  );
}
