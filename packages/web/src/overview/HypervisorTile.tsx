import { Link } from '@tanstack/react-router';
import { memo, useMemo } from 'react';
import type { VmState } from '../api/types.ts';
import { useDropTarget } from '../migrate/use-drop-target.ts';
import { Lamp } from '../roster/Lamp.tsx';
import { useCloud } from '../store/cloud.ts';
import { isOn, vmsOn } from '../store/roster.ts';
import { hypervisorOf, may, permissionsFor } from '../store/state.ts';
import { treemap } from '../store/treemap.ts';
import { Bar } from '../ui/bits.tsx';
import { count, formatMiB } from '../ui/format.ts';
import { useVerbs } from '../verbs/table.ts';
import { VmBlock } from './VmBlock.tsx';

/** Percent of a tile's map; its look is 5 wide to 3 high. */
const MAP = { x: 0, y: 0, width: 100, height: 60 };
const MOST = 48;

export const HypervisorTile = memo(function HypervisorTile({ name }: { readonly name: string }) {
  useVerbs();
  // Not there for who sees machines on it, and not itself.
  const host = useCloud((state) => hypervisorOf(state, name));
  const mayMake = useCloud((state) => may(permissionsFor(state, `hypervisor:${name}`), 'alloc'));
  const pending = useCloud((state) => state.pending);
  const user = useCloud((state) => state.user);
  const drop = useDropTarget(name);
  const vms = useCloud((state) => vmsOn(state, name));
  const used = vms.filter(isOn).reduce((sum, vm) => sum + vm.memoryMiB, 0);
  const { shown, boxes, free } = useMemo(
    () => layOut(vms, host ? host.memoryMiB - used : 0),
    [vms, host, used],
  );
  return (
    <article className={`tile ${drop.look}`} {...drop.handlers}>
      <header className="tile-head">
        {host ? (
          <Link to="/hypervisor/$name/{-$tab}" params={{ name }} className="tile-name">
            {name}
          </Link>
        ) : (
          <span className="tile-name">{name}</span>
        )}
        {host && <Lamp name={name} words />}
        {host?.drained && <span className="tag">drained</span>}
        <span className="spacer" />
        <span className="tile-count">{count(vms.length, 'machine')}</span>
      </header>
      {host ? (
        <div className="tile-load">
          <Bar
            part={used / Math.max(1, host.memoryMiB)}
            label={`${formatMiB(used)} of ${formatMiB(host.memoryMiB)} memory in use`}
          />
          <span>
            {formatMiB(used)} <small>of {formatMiB(host.memoryMiB)}</small>
          </span>
          <span>
            {host.cpus} <small>CPUs</small>
          </span>
        </div>
      ) : (
        <div className="tile-load">
          <span className="quiet">Your machines on it; you may not see the hypervisor itself.</span>
        </div>
      )}
      <div className="tile-map">
        {shown.map((vm, at) => {
          const box = boxes[at];
          return (
            box && (
              <VmBlock key={vm.id} vm={vm} box={box} pending={pending.get(vm.id)} user={user} />
            )
          );
        })}
        {host && vms.length > 0 && free > 0.08 && (
          <p className="tile-free" style={{ width: `${free * 100}%` }}>
            {formatMiB(host.memoryMiB - used)} free
          </p>
        )}
        {vms.length === 0 && (
          <p className="tile-none">Nothing here.{mayMake && ' Drop a machine, or make one.'}</p>
        )}
        {drop.note && (
          <p className="tile-drop">
            <span>{drop.note}</span>
          </p>
        )}
      </div>
      {vms.length > MOST && <p className="quiet">and {vms.length - MOST} smaller ones</p>}
    </article>
  );
});

/** Machines by size, and beside them what is free. */
function layOut(vms: readonly VmState[], freeMiB: number) {
  const shown = vms.toSorted((a, b) => b.memoryMiB - a.memoryMiB).slice(0, MOST);
  const weights = shown.map((vm) => Math.max(1, vm.memoryMiB));
  const taken = weights.reduce((sum, each) => sum + each, 0);
  const rest = Math.max(0, freeMiB);
  // A small machine on a large host can still be seen, and hit.
  const least = Math.min(0.8, 0.2 * Math.sqrt(weights.length));
  const free = Math.min(rest / Math.max(1, rest + taken), 1 - least);
  return { shown, free, boxes: treemap(weights, { ...MAP, width: MAP.width * (1 - free) }) };
}
