import { cx } from "class-variance-authority";

const WIDTH = 100;
const HEIGHT = 24;

/** Path of a line through the values, with a break at each gap. The scale begins at 0, so that calm looks calm. */
export function sparklinePath(values: readonly (number | null)[]): string {
  const highest = values.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
  if (values.length < 2 || highest <= 0) return "";
  const step = WIDTH / (values.length - 1);
  let path = "";
  let down = false;
  values.forEach((value, index) => {
    if (value === null) {
      down = false;
      return;
    }
    const x = (index * step).toFixed(1);
    const y = (HEIGHT - 1.5 - (value / highest) * (HEIGHT - 3)).toFixed(1);
    path += `${down ? "L" : "M"}${x} ${y}`;
    down = true;
  });
  return path;
}

/** A shape, not a reading: the figure beside it gives the number, so it is hidden from screen readers. */
export function Sparkline({ values, className }: { readonly values: readonly (number | null)[]; readonly className?: string }) {
  const path = sparklinePath(values);
  return (
    <svg aria-hidden viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" className={cx("block h-6 w-full", className)}>
      {path === "" ? (
        <line x1="0" x2={WIDTH} y1={HEIGHT - 2} y2={HEIGHT - 2} stroke="var(--line-strong)" strokeDasharray="2 3" />
      ) : (
        <path
          d={path}
          fill="none"
          stroke="var(--chart-line)"
          strokeWidth="1.5"
          strokeLinejoin="round"
          strokeLinecap="round"
          vectorEffect="non-scaling-stroke"
        />
      )}
    </svg>
  );
}

/** Upright bars, newest at the right, with a line at 1: for efforts. */
export function Bars({ values, className }: { readonly values: readonly number[]; readonly className?: string }) {
  const highest = Math.max(2, ...values);
  const gap = 1;
  const width = values.length === 0 ? 0 : Math.min(6, (WIDTH - gap * (values.length - 1)) / values.length);
  const level = HEIGHT - HEIGHT / highest;
  return (
    <svg aria-hidden viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" className={cx("block h-6 w-full", className)}>
      {values.map((value, index) => {
        const height = Math.max(1, (value / highest) * HEIGHT);
        const x = WIDTH - (values.length - index) * (width + gap) + gap;
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: bars are drawn anew as a whole
            key={index}
            x={x}
            y={HEIGHT - height}
            width={width}
            height={height}
            fill={value <= 1 ? "var(--good)" : "var(--warn)"}
          />
        );
      })}
      <line
        x1="0"
        x2={WIDTH}
        y1={level}
        y2={level}
        stroke="var(--line-strong)"
        strokeDasharray="2 2"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
