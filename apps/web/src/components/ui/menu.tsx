"use client";
import { cx } from "class-variance-authority";
import { Check } from "lucide-react";
import { DropdownMenu as Primitive } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";

const item =
  "flex h-8 cursor-default select-none items-center gap-2 rounded-sm px-2 text-sm text-ink outline-none data-[highlighted]:bg-hover [&_svg]:size-4 [&_svg]:text-ink-3 pointer-coarse:h-10";

type MenuProps = {
  readonly trigger: ReactNode;
  readonly label: string;
  readonly defaultOpen?: boolean;
  readonly children: ReactNode;
};

export function Menu({ trigger, label, defaultOpen = false, children }: MenuProps) {
  return (
    <Primitive.Root modal={false} defaultOpen={defaultOpen}>
      <Primitive.Trigger asChild>{trigger}</Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          align="end"
          sideOffset={6}
          collisionPadding={8}
          aria-label={label}
          className="z-50 min-w-56 animate-fade-in rounded-md border border-line bg-raised p-1 shadow-pop"
        >
          {children}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

export function MenuItem({ className, ...props }: ComponentProps<typeof Primitive.Item>) {
  return <Primitive.Item className={cx(item, className)} {...props} />;
}

export const MenuSeparator = () => <Primitive.Separator className="my-1 h-px bg-line" />;

type MenuChoiceProps<T extends string> = {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly { readonly value: T; readonly label: string; readonly icon?: ReactNode }[];
  readonly onChoose: (value: T) => void;
};

export function MenuChoice<T extends string>({ label, value, choices, onChoose }: MenuChoiceProps<T>) {
  return (
    <>
      <Primitive.Label className="px-2 pt-1.5 pb-1 text-xs text-ink-3">{label}</Primitive.Label>
      <Primitive.RadioGroup value={value}>
        {choices.map((choice) => (
          <Primitive.RadioItem key={choice.value} value={choice.value} className={item} onSelect={() => onChoose(choice.value)}>
            {choice.icon}
            <span className="grow">{choice.label}</span>
            <Primitive.ItemIndicator>
              <Check aria-hidden />
            </Primitive.ItemIndicator>
          </Primitive.RadioItem>
        ))}
      </Primitive.RadioGroup>
    </>
  );
}
