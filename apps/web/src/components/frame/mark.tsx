/** Three bags in the air: the juggler's toy that gave the name. */
export const Mark = ({ className }: { readonly className?: string }) => (
  <svg aria-hidden viewBox="0 0 24 24" className={className}>
    <circle cx="12" cy="5" r="3.2" fill="var(--accent)" />
    <circle cx="5.2" cy="13" r="3.2" fill="currentColor" />
    <circle cx="18.8" cy="13" r="3.2" fill="currentColor" />
    <path d="M5 19.5c4.2 2.4 9.8 2.4 14 0" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
  </svg>
);
