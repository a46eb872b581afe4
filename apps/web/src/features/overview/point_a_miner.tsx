"use client";
import { Cable } from "lucide-react";
import dynamic from "next/dynamic";
import { useState } from "react";
import { MinerInstructions } from "@/components/data/miner_instructions.tsx";
import { Button } from "@/components/ui/button.tsx";

const Dialog = dynamic(() => import("@/components/ui/dialog.tsx").then((module) => module.Dialog), { ssr: false });

export function PointAMiner() {
  const [state, setState] = useState<"never" | "open" | "closed">("never");
  return (
    <>
      <Button variant="primary" onClick={() => setState("open")}>
        <Cable />
        Point a miner here
      </Button>
      {state === "never" ? null : (
        <Dialog
          open={state === "open"}
          onOpenChange={(open) => setState(open ? "open" : "closed")}
          title="Point a miner here"
          description="Any Stratum V1 miner works. The login is a payout address and a name for the machine."
        >
          <MinerInstructions />
        </Dialog>
      )}
    </>
  );
}
