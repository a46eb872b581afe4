export const Kbd = ({ children }: { readonly children: string }) => (
  <kbd className="rounded-sm border border-line bg-sunken px-1 text-2xs leading-4 text-ink-3">{children}</kbd>
);
