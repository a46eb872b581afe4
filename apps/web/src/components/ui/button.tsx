import { cva, cx, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";

const button = cva(
  [
    "inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md border font-medium",
    "transition-colors duration-100 disabled:cursor-not-allowed disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0",
  ],
  {
    variants: {
      variant: {
        primary: "border-transparent bg-accent text-on-accent hover:bg-accent-strong",
        secondary: "border-line-strong/60 bg-raised text-ink hover:bg-hover",
        ghost: "border-transparent bg-transparent text-ink-2 hover:bg-hover hover:text-ink",
        danger: "border-transparent bg-bad text-on-bad hover:opacity-90",
      },
      size: {
        sm: "h-7 px-2 text-xs pointer-coarse:h-9",
        md: "h-8 px-3 text-sm pointer-coarse:h-10",
        lg: "h-10 px-4 text-base",
        icon: "size-8 p-0 pointer-coarse:size-10",
        "icon-sm": "size-6 p-0 [&_svg]:size-3.5 pointer-coarse:size-9",
      },
    },
    defaultVariants: { variant: "secondary", size: "md" },
  },
);

export type ButtonProps = ComponentProps<"button"> & VariantProps<typeof button> & { readonly asChild?: boolean };

export function Button({ variant, size, asChild = false, className, ...props }: ButtonProps) {
  const Element = asChild ? Slot.Root : "button";
  return (
    <Element {...(asChild ? {} : { type: "button" as const })} className={cx(button({ variant, size }), className)} {...props} />
  );
}
