import { defineLab } from 'skerry';

export default defineLab({
  name: 'archipelago',
  image: 'debian-12',
  machines: {
    central_server: { primary: true },
    agent_1: { nested: true },
    agent_2: { nested: true },
  },
});
