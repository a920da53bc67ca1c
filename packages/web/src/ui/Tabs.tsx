import { Link } from '@tanstack/react-router';

export interface TabsProps {
  readonly to: '/vm/$uuid/{-$tab}' | '/hypervisor/$name/{-$tab}';
  readonly params: Readonly<Record<string, string>>;
  readonly tabs: readonly {
    readonly name: string;
    readonly label: string;
    readonly count?: number;
  }[];
}

/** Tabs that are pages: each has an address of its own. */
export function Tabs({ to, params, tabs }: TabsProps) {
  return (
    <nav className="tabs" aria-label="Parts of this page">
      {tabs.map(({ name, label, count }) => (
        <Link
          key={name}
          to={to}
          params={{ ...params, tab: name || undefined } as never}
          className="tab"
          activeOptions={{ exact: true }}
          resetScroll={false}
        >
          {label}
          {count !== undefined && <span className="tab-count">{count}</span>}
        </Link>
      ))}
    </nav>
  );
}
