"use client";
import { Rows2, Rows4, Search, X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { Button } from "@/components/ui/button.tsx";
import { Input } from "@/components/ui/input.tsx";
import { Tooltip } from "@/components/ui/tooltip.tsx";
import { useDensity } from "@/lib/density.tsx";

type ToolbarProps = {
  readonly search?: { readonly label: string; readonly value: string; readonly onSearch: (text: string) => void };
  readonly count: string;
  readonly children?: ReactNode;
};

/** Search, filters and density of the table below it. */
export function Toolbar({ search, count, children }: ToolbarProps) {
  return (
    <div className="flex flex-wrap items-center gap-2 px-3 py-2.5 sm:px-4">
      {search === undefined ? null : <SearchBox {...search} />}
      {children}
      <p role="status" className="ml-auto text-xs text-ink-3 tabular">
        {count}
      </p>
      <DensitySwitch />
    </div>
  );
}

function SearchBox({ label, value, onSearch }: NonNullable<ToolbarProps["search"]>) {
  const input = useRef<HTMLInputElement>(null);
  // What is typed stays as typed; an address that changes elsewhere (Back, a cleared filter) is taken over.
  useEffect(() => {
    if (input.current !== null && document.activeElement !== input.current) input.current.value = value;
  }, [value]);
  return (
    <search className="relative w-full sm:w-72">
      <Search aria-hidden className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-ink-3" />
      <Input
        ref={input}
        type="text"
        inputMode="search"
        autoComplete="off"
        spellCheck={false}
        aria-label={label}
        placeholder={label}
        defaultValue={value}
        maxLength={128}
        className="px-8!"
        onChange={(event) => onSearch(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || event.currentTarget.value === "") return;
          event.currentTarget.value = "";
          onSearch("");
        }}
      />
      {value === "" ? null : (
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label="Clear the search"
          className="absolute top-1/2 right-1 -translate-y-1/2"
          onClick={() => {
            if (input.current !== null) input.current.value = "";
            onSearch("");
            input.current?.focus();
          }}
        >
          <X />
        </Button>
      )}
    </search>
  );
}

function DensitySwitch() {
  const { density, setDensity } = useDensity();
  const compact = density === "compact";
  const text = compact ? "Comfortable rows" : "Compact rows";
  return (
    <Tooltip text={text}>
      <Button
        variant="ghost"
        size="icon"
        aria-label={text}
        className="max-sm:hidden"
        onClick={() => setDensity(compact ? "comfortable" : "compact")}
      >
        {compact ? <Rows2 /> : <Rows4 />}
      </Button>
    </Tooltip>
  );
}
