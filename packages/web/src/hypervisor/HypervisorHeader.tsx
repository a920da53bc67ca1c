import { Link } from '@tanstack/react-router';
import type { HypervisorState } from '../api/types.ts';
import { Lamp } from '../roster/Lamp.tsx';
import { Problem, Tags } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { Icon } from '../ui/Icon.tsx';
import { newMachine } from '../store/ui.ts';
import { request } from '../verbs/request.ts';
import { verbOf } from '../verbs/table.ts';
import { VerbBar } from '../verbs/VerbBar.tsx';

export function HypervisorHeader({ host }: { readonly host: HypervisorState }) {
  const tagging = verbOf('hypervisor', 'settags');
  return (
    <header className="page-head entity-head">
      <Link to="/" className="back" aria-label="Back to the machines">
        <Icon name="back" size={18} />
      </Link>
      <div className="entity-title">
        <h1>{host.name}</h1>
        <Lamp name={host.name} words />
        {host.drained && <span className="tag warn">drained: no new machines</span>}
      </div>
      <div className="entity-line">
        <span>
          libvirt {host.libvirtVersion}, {host.driver}
        </span>
        <span className="tags">
          <Tags tags={host.tags} />
          {tagging && (
            <Button
              look="ghost"
              icon="tag"
              className="small"
              label="Change the tags"
              onClick={() => request([host], tagging)}
            />
          )}
        </span>
      </div>
      {host.libvirt === 'lost' && (
        <Problem
          title="Its agent does not reach libvirt"
          text={`What is shown of its machines is the last that was seen. On ${host.name}, look whether libvirtd runs.`}
        />
      )}
      <div className="head-verbs">
        <Button
          look="primary"
          icon="plus"
          onClick={() => newMachine.set({ hypervisor: host.name })}
        >
          New machine here
        </Button>
        <VerbBar entity={host} />
      </div>
    </header>
  );
}
