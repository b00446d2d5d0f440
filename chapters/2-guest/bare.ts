/* # Bare */

/** Whether this kernel is tangled for the bare silicon: ring 0, no Host underneath. The tangler overrides it. */
export const BARE: boolean = false;
