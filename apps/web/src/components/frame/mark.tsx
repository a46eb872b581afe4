/** Three bags, one of them in the air: the juggler's toy that gave the name. */
export const Mark = ({ className }: { readonly className?: string }) => (
  <svg aria-hidden viewBox="0 0 24 24" className={className}>
    <path
      d="M5 15C5 3.5 19 3.5 19 15"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeDasharray="1.5 3"
    />
    <circle cx="12" cy="5.6" r="3.4" fill="var(--accent)" />
    <circle cx="5" cy="17.6" r="3.4" fill="currentColor" />
    <circle cx="19" cy="17.6" r="3.4" fill="currentColor" />
  </svg>
);
