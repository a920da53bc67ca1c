import { helpOpen } from '../store/ui.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { KEYS } from './keys.ts';

export function HelpDialog() {
  return (
    <Dialog title="Keyboard" onClose={() => helpOpen.set(false)} wide>
      <div className="keys">
        {KEYS.map(([title, rows]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {rows.map(([keys, what]) => (
                <div key={keys}>
                  <dt>
                    {keys.split(' ').map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
