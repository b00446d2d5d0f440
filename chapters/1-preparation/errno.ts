/** Errors of /dev/lguest, as Linux numbers them. Calls return them negated. */
export const ENOENT = 2;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EFAULT = 14;
export const EBUSY = 16;
export const EINVAL = 22;
/** The Guest asked for a reboot. */
export const ERESTART = 85;
/** The slice is over, nothing is wrong: read again. */
export const ERESTARTSYS = 512;
