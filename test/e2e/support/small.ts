/** The smallest lab that shows everything a single machine can. */
export const SMALL = {
  name: 'small',
  image: 'debian-12',
  memory: 256,
  machines: { one: {} },
};
