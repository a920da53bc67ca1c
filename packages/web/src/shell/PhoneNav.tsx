import { Link } from '@tanstack/react-router';
import { paletteOpen } from '../store/ui.ts';
import { Icon } from '../ui/Icon.tsx';

/** The bar at a phone's lower edge. */
export function PhoneNav() {
  return (
    <nav className="phone-nav" aria-label="Pages">
      <Link to="/" className="phone-link">
        <Icon name="machine" size={20} />
        Machines
      </Link>
      <Link to="/map" className="phone-link">
        <Icon name="grid" size={20} />
        Overview
      </Link>
      <button type="button" className="phone-link" onClick={() => paletteOpen.set(true)}>
        <Icon name="search" size={20} />
        Find
      </button>
      <Link to="/log" className="phone-link">
        <Icon name="log" size={20} />
        Log
      </Link>
      <Link to="/parked" className="phone-link">
        <Icon name="park" size={20} />
        Parked
      </Link>
    </nav>
  );
}
