/** Runes everywhere: a component that still uses the older syntax fails the build. */
export default { compilerOptions: { runes: true } };
