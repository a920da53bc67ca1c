import { useObservable } from '../store/use-observable.ts';
import { Button } from './Button.tsx';
import { Icon } from './Icon.tsx';
import { dismiss, toasts } from './toasts.ts';

export function Toasts() {
  const shown = useObservable(toasts);
  return (
    <div className="toasts" role="region" aria-label="Messages" aria-live="polite">
      {shown.map(({ id, tone, title, text, hint, action }) => (
        <div key={id} className={`toast ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
          <Icon name={tone === 'bad' ? 'warn' : 'check'} />
          <div className="toast-text">
            <strong>{title}</strong>
            <p>{text}</p>
            {hint && <p className="quiet">{hint}</p>}
            {action && (
              <Button
                onClick={() => {
                  dismiss(id);
                  action.run();
                }}
              >
                {action.label}
              </Button>
            )}
          </div>
          <Button look="ghost" icon="close" label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
