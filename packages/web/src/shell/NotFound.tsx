import { Link } from '@tanstack/react-router';
import { Empty } from '../ui/bits.tsx';

export function NotFound() {
  return (
    <Empty
      icon="search"
      title="There is no such page"
      action={
        <Link to="/" className="button plain">
          Go to the overview
        </Link>
      }
    >
      The address is wrong, or what was here has another one now.
    </Empty>
  );
}
