import { Lock } from "lucide-react";
import { Empty } from "@/components/ui/empty.tsx";
import { Page } from "@/components/ui/page.tsx";
import { Panel } from "@/components/ui/panel.tsx";

/** A screen that a person's role does not open. */
export function NotForYou({ kicker, roles }: { readonly kicker: string; readonly roles: string }) {
  return (
    <Page kicker={kicker} sentence="Your role does not open this screen.">
      <Panel flush>
        <Empty icon={Lock} title={`This is for ${roles}`}>
          <p>An owner can give you another role.</p>
        </Empty>
      </Panel>
    </Page>
  );
}
