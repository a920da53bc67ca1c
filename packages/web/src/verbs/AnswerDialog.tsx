import { answerText } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Dialog } from '../ui/Dialog.tsx';

/** What a verb that only reads has answered. */
export function AnswerDialog() {
  const answer = useObservable(answerText);
  if (!answer) return null;
  const isLong = answer.text.length > 300;
  return (
    <Dialog title={answer.title} onClose={() => answerText.set(null)} wide={isLong}>
      <div className={isLong ? 'answer code' : 'answer'} tabIndex={0}>
        {answer.text}
      </div>
    </Dialog>
  );
}
