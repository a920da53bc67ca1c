import { useState } from 'react';
import { Tags } from '../ui/bits.tsx';

const FEW = 6;

/** The first of many, and how many more there are; pressed, all of them. */
export function FewTags({ tags }: { readonly tags: readonly string[] }) {
  const [isOpen, setOpen] = useState(false);
  if (isOpen || tags.length <= FEW + 1) return <Tags tags={tags} />;
  return (
    <>
      <Tags tags={tags.slice(0, FEW)} />
      <button type="button" className="tag more" onClick={() => setOpen(true)}>
        {tags.length - FEW} more
      </button>
    </>
  );
}
