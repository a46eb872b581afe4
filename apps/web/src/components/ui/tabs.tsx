"use client";
import { Tabs as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import type { Choice } from "./select.tsx";

type TabsProps<T extends string> = {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly Choice<T>[];
  readonly onChoose: (value: T) => void;
  /** One <TabPanel> for each choice. */
  readonly children: ReactNode;
};

export function Tabs<T extends string>({ label, value, choices, onChoose, children }: TabsProps<T>) {
  return (
    <Primitive.Root
      value={value}
      onValueChange={(next) => {
        const choice = choices.find((one) => one.value === next);
        if (choice !== undefined) onChoose(choice.value);
      }}
    >
      <Primitive.List aria-label={label} className="flex gap-4 border-b border-line">
        {choices.map((choice) => (
          <Primitive.Trigger
            key={choice.value}
            value={choice.value}
            className="-mb-px border-b-2 border-transparent px-0.5 py-2 text-sm font-medium text-ink-3 hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
          >
            {choice.label}
          </Primitive.Trigger>
        ))}
      </Primitive.List>
      {children}
    </Primitive.Root>
  );
}

export function TabPanel({ value, children }: { readonly value: string; readonly children: ReactNode }) {
  return (
    <Primitive.Content value={value} className="pt-4">
      {children}
    </Primitive.Content>
  );
}
