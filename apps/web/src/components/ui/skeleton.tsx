import { cx } from "class-variance-authority";

/** The shape of what will come. It does not shimmer: a still page is read sooner. */
export const Skeleton = ({ className }: { readonly className?: string }) => (
  <span aria-hidden className={cx("block rounded-sm bg-line/70 forced-colors:border", className)} />
);
