import { defineLab } from 'skerry';

export default defineLab({
  name: 'quorum',
  memory: '256 MiB',
  machines: { red: {}, green: {}, blue: {} },
});
