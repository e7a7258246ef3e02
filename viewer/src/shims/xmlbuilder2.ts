// vtk.js imports xmlbuilder2 for its XML readers, which the viewer does not use; the real one needs Node's events.
export const create = (): never => {
  throw new Error('XML files are not read here');
};
