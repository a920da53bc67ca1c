import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { apiPost, pathOf } from '../api/client.ts';
import type { VmState } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';
import { isOn } from '../store/roster.ts';
import { may, permissionsFor } from '../store/state.ts';
import { Icon } from '../ui/Icon.tsx';

const EVERY_MS = 15_000;

/** The machine's screen, small; it leads to the large one. Its place is as large without a picture. */
export function Thumbnail({ vm }: { readonly vm: VmState }) {
  const mayLook = useCloud((state) => may(permissionsFor(state, vm.id), 'screenshot'));
  const mayOpen = useCloud((state) => may(permissionsFor(state, vm.id), 'vnc_display'));
  const { data, isError } = useQuery({
    queryKey: ['screenshot', vm.id],
    queryFn: () => apiPost<{ png: string }>(`${pathOf(vm.id)}/screenshot`),
    enabled: mayLook && isOn(vm),
    refetchInterval: EVERY_MS,
  });
  const words = !mayLook
    ? 'You may not see its screen'
    : isError
      ? 'It shows no picture'
      : isOn(vm)
        ? ''
        : 'off';
  const inside = (
    <>
      {data && isOn(vm) && <img src={`data:image/png;base64,${data.png}`} alt="" />}
      {words && <span className="shot-words">{words}</span>}
    </>
  );
  if (!mayOpen) return <div className="shot">{inside}</div>;
  return (
    <Link to="/vm/$uuid/{-$tab}" params={{ uuid: vm.uuid, tab: 'console' }} className="shot">
      {inside}
      <span className="shot-open">
        <Icon name="screen" /> Open console
      </span>
    </Link>
  );
}
