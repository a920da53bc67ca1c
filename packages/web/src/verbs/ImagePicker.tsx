import { formatBytes } from '../ui/format.ts';
import { useImages } from './use-choices.ts';

export interface ImagePickerProps {
  readonly hypervisor: string;
  readonly value: string;
  readonly onChange: (image: string) => void;
}

/** The golden images of a hypervisor. */
export function ImagePicker({ hypervisor, value, onChange }: ImagePickerProps) {
  const { data } = useImages(hypervisor);
  const images = data?.images ?? [];
  return (
    <label className="field">
      <span>Image</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">None: an empty disk</option>
        {images.map(({ name, sizeBytes }) => (
          <option key={name} value={name}>
            {name} ({formatBytes(sizeBytes)})
          </option>
        ))}
      </select>
      <span className="hint">
        {images.length > 0 ? (
          `Golden images of ${hypervisor}`
        ) : (
          <>
            There is none yet. For a dev cloud: <code>skerry image build debian-12</code>. Elsewhere
            put one into the pool for images, or make one of a machine that is off: Drives, Golden
            image.
          </>
        )}
      </span>
    </label>
  );
}
