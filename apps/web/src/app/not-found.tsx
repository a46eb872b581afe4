import { Compass } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/ui/button.tsx";
import { Empty } from "@/components/ui/empty.tsx";

export default function NotFound() {
  return (
    <main className="grid min-h-dvh place-items-center">
      <Empty icon={Compass} title="There is nothing at this address">
        <p>It may have been mistyped, or what it named is gone.</p>
        <Button asChild>
          <Link href="/">Go to the overview</Link>
        </Button>
      </Empty>
    </main>
  );
}
