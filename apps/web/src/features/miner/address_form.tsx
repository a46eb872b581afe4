import { ArrowRight } from "lucide-react";
import { Button } from "@/components/ui/button.tsx";
import { Field } from "@/components/ui/input.tsx";

type AddressFormProps = { readonly value?: string; readonly problem?: string | undefined };

/** Leads to a miner's own page; a plain form, so that it works before any script does. */
export function AddressForm({ value = "", problem }: AddressFormProps) {
  return (
    <form action="/m" method="get" className="flex flex-col gap-3">
      <Field
        label="Payout address"
        name="address"
        defaultValue={value}
        required
        maxLength={128}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        hint="The part of your miner's login before the dot."
        problem={problem}
        className="font-mono"
      />
      <Button type="submit" variant="primary" size="lg">
        Show my shares and payments
        <ArrowRight />
      </Button>
    </form>
  );
}
