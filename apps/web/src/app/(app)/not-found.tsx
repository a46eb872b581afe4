import { Compass } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/ui/button.tsx";
import { Empty } from "@/components/ui/empty.tsx";

export default function NotFound() {
  return (
    <Empty icon={Compass} title="There is nothing at this address">
      <p>What it named is gone, or the address was mistyped. Search finds rigs, workers, blocks and accounts by name.</p>
      <Button asChild>
        <Link href="/">Go to the overview</Link>
      </Button>
    </Empty>
  );
}
