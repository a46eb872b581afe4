"use client";
import { type ColumnDef, flexRender, getCoreRowModel, useReactTable } from "@tanstack/react-table";
import { defaultRangeExtractor, useWindowVirtualizer } from "@tanstack/react-virtual";
import { cx } from "class-variance-authority";
import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Skeleton } from "@/components/ui/skeleton.tsx";
import { useDensity } from "@/lib/density.tsx";

export type Cell = {
  readonly align?: "right";
  /** Width and the breakpoint from which the column is shown: "hidden lg:table-cell w-32". */
  readonly className?: string;
};
declare module "@tanstack/react-table" {
  interface ColumnMeta<TData, TValue> extends Cell {}
}

export type Sorting<Key extends string> = {
  readonly key: Key;
  readonly dir: "asc" | "desc";
  readonly onSort: (key: Key, dir: "asc" | "desc") => void;
};

type DataTableProps<Row, Key extends string> = {
  readonly caption: string;
  /** A column whose id is a sort key of `sorting` can be sorted by. */
  readonly columns: readonly ColumnDef<Row, unknown>[];
  readonly total: number;
  readonly rowAt: (index: number) => Row | undefined;
  readonly onRange: (from: number, to: number) => void;
  readonly idOf: (row: Row) => string;
  readonly selected?: string | null;
  readonly onOpen?: (row: Row) => void;
  readonly sorting?: Sorting<Key>;
  readonly sortable?: readonly Key[];
  readonly outdated?: boolean;
  readonly empty: ReactNode;
};

const ROW_PX = { compact: 33, comfortable: 45 } as const;
const OVERSCAN = 8;
/** What the server renders before anybody has measured a window. */
const FIRST_RECT = { width: 1_280, height: 900 };

/**
 * A table of any length: only the rows in view are in the document, so ten thousand rows cost what thirty do. A row opens with
 * a click or with Enter on its link; arrow keys go from row to row.
 */
export function DataTable<Row, Key extends string = never>(props: DataTableProps<Row, Key>) {
  const { columns, total, rowAt, onRange, idOf, selected, onOpen, sorting, sortable, outdated = false } = props;
  const { density } = useDensity();
  const box = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    if (box.current !== null) setOffset(Math.round(box.current.getBoundingClientRect().top + scrollY));
  }, []);

  const rows = useWindowVirtualizer({
    count: total,
    estimateSize: () => ROW_PX[density],
    overscan: OVERSCAN,
    scrollMargin: offset,
    initialRect: FIRST_RECT,
    rangeExtractor: defaultRangeExtractor,
    useFlushSync: false,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: row heights follow the density
  useEffect(() => rows.measure(), [density, rows]);

  const items = rows.getVirtualItems();
  const from = items[0]?.index ?? 0;
  const to = items.at(-1)?.index ?? 0;
  useEffect(() => onRange(from, to), [onRange, from, to]);

  const above = items.length === 0 ? 0 : (items[0]?.start ?? 0) - rows.options.scrollMargin;
  const below = items.length === 0 ? 0 : rows.getTotalSize() - ((items.at(-1)?.end ?? 0) - rows.options.scrollMargin);

  const inView = items.map((item) => ({ index: item.index, row: rowAt(item.index) }));
  const loaded = inView.flatMap((one) => (one.row === undefined ? [] : [one.row]));
  const table = useReactTable({
    data: loaded,
    columns: columns as ColumnDef<Row, unknown>[],
    getRowId: idOf,
    getCoreRowModel: getCoreRowModel(),
    manualSorting: true,
    // The rows in view are another array at each rendering; resetting state because of that would render for ever.
    autoResetAll: false,
  });
  const models = table.getRowModel().rows;

  if (total === 0) return <>{props.empty}</>;

  const step = (event: KeyboardEvent<HTMLTableSectionElement>) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const row = event.target instanceof Element ? event.target.closest("tr") : null;
    const next = event.key === "ArrowDown" ? row?.nextElementSibling : row?.previousElementSibling;
    const link = next?.querySelector<HTMLElement>("a[data-row-link]");
    if (link == null) return;
    event.preventDefault();
    link.focus();
  };

  let at = 0;
  return (
    <div ref={box} aria-busy={outdated} className={cx("transition-opacity", outdated && "opacity-60")}>
      <table aria-rowcount={total + 1} className="w-full table-fixed border-separate border-spacing-0 text-sm">
        <caption className="sr-only">{props.caption}</caption>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id} aria-rowindex={1}>
              {group.headers.map((header) => (
                <HeaderCell
                  key={header.id}
                  name={flexRender(header.column.columnDef.header, header.getContext())}
                  cell={header.column.columnDef.meta ?? {}}
                  sortKey={sortable?.find((key) => key === header.column.id)}
                  sorting={sorting}
                />
              ))}
            </tr>
          ))}
        </thead>
        <tbody onKeyDown={step} className="tabular">
          {above > 0 ? <tr aria-hidden style={{ height: above }} /> : null}
          {inView.map(({ index, row }) => {
            if (row === undefined)
              return <LoadingRow key={index} index={index} cells={columns.map((column) => column.meta ?? {})} />;
            const model = models[at];
            at += 1;
            const id = idOf(row);
            return (
              <tr
                key={id}
                aria-rowindex={index + 2}
                aria-selected={selected === undefined ? undefined : selected === id}
                onClick={(event) => {
                  if (onOpen === undefined || (event.target instanceof Element && event.target.closest("a,button") !== null))
                    return;
                  if (getSelection()?.toString() === "") onOpen(row);
                }}
                className={cx(
                  "group/row",
                  onOpen !== undefined && "cursor-pointer hover:bg-hover",
                  selected === id && "bg-selected!",
                )}
              >
                {model?.getVisibleCells().map((cell) => {
                  const { align, className } = cell.column.columnDef.meta ?? {};
                  return (
                    <td
                      key={cell.id}
                      className={cx(
                        "h-row truncate border-b border-line/70 px-3 first:pl-4 last:pr-4",
                        align === "right" && "text-right",
                        className,
                      )}
                    >
                      {flexRender(cell.column.columnDef.cell, cell.getContext())}
                    </td>
                  );
                })}
              </tr>
            );
          })}
          {below > 0 ? <tr aria-hidden style={{ height: below }} /> : null}
        </tbody>
      </table>
    </div>
  );
}

type HeaderCellProps<Key extends string> = {
  readonly name: ReactNode;
  readonly cell: Cell;
  readonly sortKey: Key | undefined;
  readonly sorting: Sorting<Key> | undefined;
};

function HeaderCell<Key extends string>({ name, cell, sortKey, sorting }: HeaderCellProps<Key>) {
  const active = sortKey !== undefined && sorting?.key === sortKey;
  const dir = active ? sorting.dir : null;
  const Arrow = dir === null ? ChevronsUpDown : dir === "asc" ? ArrowUp : ArrowDown;
  return (
    <th
      scope="col"
      aria-sort={sortKey === undefined ? undefined : dir === null ? "none" : dir === "asc" ? "ascending" : "descending"}
      className={cx(
        "sticky top-(--bar-height) z-10 h-8 truncate border-y border-line bg-panel px-3 text-xs font-medium text-ink-3 first:pl-4 last:pr-4",
        cell.align === "right" ? "text-right" : "text-left",
        cell.className,
      )}
    >
      {sortKey === undefined || sorting === undefined ? (
        name
      ) : (
        <button
          type="button"
          onClick={() =>
            sorting.onSort(sortKey, active ? (dir === "asc" ? "desc" : "asc") : cell.align === "right" ? "desc" : "asc")
          }
          className={cx(
            "focus-inset inline-flex max-w-full items-center gap-1 hover:text-ink",
            cell.align === "right" && "flex-row-reverse",
            active && "text-ink",
          )}
        >
          <span className="truncate">{name}</span>
          <Arrow aria-hidden className={cx("size-3 shrink-0", !active && "text-ink-4")} />
        </button>
      )}
    </th>
  );
}

const LoadingRow = ({ index, cells }: { readonly index: number; readonly cells: readonly Cell[] }) => (
  <tr aria-rowindex={index + 2} aria-busy>
    {cells.map((cell, column) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: columns do not move
      <td key={column} className={cx("h-row border-b border-line/70 px-3 first:pl-4 last:pr-4", cell.className)}>
        <Skeleton className={cx("h-3 w-3/5", cell.align === "right" && "ml-auto")} />
      </td>
    ))}
  </tr>
);
