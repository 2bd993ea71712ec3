/** Short scopes: they stand in every rule of a style and again in the code. */
const cssHash = ({ hash, filename }) => `h${hash(filename ?? "").slice(-4)}`;

export default { compilerOptions: { runes: true, discloseVersion: false, cssHash } };
