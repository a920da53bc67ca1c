export function Logo({ size = 24 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="logo">
      <rect width="32" height="32" rx="8" className="logo-sea" />
      <path d="M5 20.5 11 11l4 5 4.5-8L27 20.5z" className="logo-rock" />
      <path
        d="M4 24.5c2.4 0 2.4-1.4 4.8-1.4s2.4 1.4 4.8 1.4 2.4-1.4 4.8-1.4 2.4 1.4 4.8 1.4 2.4-1.4 4.8-1.4"
        className="logo-wave"
      />
    </svg>
  );
}
