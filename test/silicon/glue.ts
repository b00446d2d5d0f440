import { assemble } from '../../src/assembler/index.ts';

/**
 * The way into 32-bit mode on a 64-bit Linux, and the way out. Our assembler knows no 64-bit instructions, but most
 * of them are 32-bit ones with the byte 48 in front: `wide` writes it. Addresses are all relative to RBX.
 *
 * In: everything that belongs to the program around us is put away (blocked signals, handlers, FS and GS bases, the
 * x87), our handler is installed, and one IRETQ loads CS, EIP, EFLAGS, SS and ESP. Out: the fault that ends every
 * trial comes as a signal; its handler copies what the kernel has saved, and instead of returning puts all back.
 */

/** Offsets in the control block, whose address is the argument of the entrance. */
export const CONTROL = {
  /** A kernel sigaction: handler, flags, restorer, mask. */
  action: 0x00,
  /** stack_t of the handler's stack, and room for the one we replace. */
  stack: 0x20,
  oldStack: 0x38,
  /** Signals to block, and those that were. */
  mask: 0x50,
  oldMask: 0x58,
  stackPointer: 0x60,
  fsBase: 0x68,
  gsBase: 0x70,
  /** Selectors of the program around us: ds, es, fs, gs. */
  oldSelectors: 0x78,
  /** Seconds after which SIGALRM ends the trial. */
  seconds: 0x80,
  /** Selectors of the trial: ds, es, fs, gs; then, when it has ended, what they are. */
  selectors: 0x88,
  selectorsAfter: 0x90,
  /** The signal that ended the trial. */
  signal: 0xe8,
  /** eax, ecx, edx, ebx, unused, ebp, esi, edi. */
  registers: 0x98,
  /** What IRETQ takes: RIP, CS, RFLAGS, RSP, SS, 64 bits each. */
  frame: 0xc0,
  /** For each signal its number and room for the replaced sigaction; ends with a 0. */
  signals: 0x100,
  /** FXSAVE images: before the trial and after it. */
  x87: 0x400,
  x87After: 0x600,
  /** The kernel's ucontext: 40 bytes of no interest, then 64-bit values of which `CONTEXT` has the positions. */
  context: 0xa00,
  /** XSAVE image of the program around us. */
  oldState: 0x1000,
} as const;

/** Bytes at which things are in the copied ucontext. */
export const CONTEXT = {
  edi: 0x68,
  esi: 0x70,
  ebp: 0x78,
  ebx: 0x80,
  edx: 0x88,
  eax: 0x90,
  ecx: 0x98,
  esp: 0xa0,
  eip: 0xa8,
  eflags: 0xb0,
  cs: 0xb8,
  ss: 0xbe,
  error: 0xc0,
  vector: 0xc8,
  cr2: 0xd8,
  x87: 0xe0,
} as const;

export const CONTROL_BYTES = 0x2000;
/** The control block lies this far behind the code. */
export const CONTROL_AT = 0x1000;
export const SIGNAL_BYTES = 0x28;

export const SIGALRM = 14;
/** SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, and the one for trials that do not end. */
export const SIGNALS = [4, 5, 7, 8, 11, SIGALRM];

/**
 * What XSAVE is to save: x87, SSE and the protection keys. The kernel gives a signal handler keys of its own, and V8
 * locks its compiled WebAssembly with another.
 */
const STATE = 0x203;

const SOURCE = `
enter:
  push ebx
  push ebp
  db 0x41
  push esp              ; r12
  wide mov ebx, edi
  wide mov [ebx+${CONTROL.stackPointer}], esp
  mov eax, ${STATE}
  mov edx, 0
  xsave ${CONTROL.oldState}
  mov [ebx+${CONTROL.oldSelectors}], ds
  mov [ebx+${CONTROL.oldSelectors + 2}], es
  mov [ebx+${CONTROL.oldSelectors + 4}], fs
  mov [ebx+${CONTROL.oldSelectors + 6}], gs
  mov edi, 2
  wide lea esi, [ebx+${CONTROL.mask}]
  wide lea edx, [ebx+${CONTROL.oldMask}]
  call block
  wide lea edi, [ebx+${CONTROL.stack}]
  wide lea esi, [ebx+${CONTROL.oldStack}]
  mov eax, 131          ; sigaltstack
  syscall
  wide lea ebp, [ebx+${CONTROL.signals}]
install:
  mov edi, [ebp]
  wide lea esi, [ebx+${CONTROL.action}]
  wide lea edx, [ebp+8]
  call action
  wide add ebp, ${SIGNAL_BYTES}
  cmp dword [ebp], 0
  jne install
  mov edi, 0x1003       ; ARCH_GET_FS
  wide lea esi, [ebx+${CONTROL.fsBase}]
  call base
  mov edi, 0x1004       ; ARCH_GET_GS
  wide lea esi, [ebx+${CONTROL.gsBase}]
  call base
  mov edi, [ebx+${CONTROL.seconds}]
  mov eax, 37           ; alarm
  syscall
  fxrstor ${CONTROL.x87}
  mov ds, [ebx+${CONTROL.selectors}]
  mov es, [ebx+${CONTROL.selectors + 2}]
  mov fs, [ebx+${CONTROL.selectors + 4}]
  mov gs, [ebx+${CONTROL.selectors + 6}]
  wide lea esp, [ebx+${CONTROL.frame}]
  mov eax, [ebx+${CONTROL.registers}]
  mov ecx, [ebx+${CONTROL.registers + 4}]
  mov edx, [ebx+${CONTROL.registers + 8}]
  mov ebp, [ebx+${CONTROL.registers + 20}]
  mov esi, [ebx+${CONTROL.registers + 24}]
  mov edi, [ebx+${CONTROL.registers + 28}]
  mov ebx, [ebx+${CONTROL.registers + 12}]
  wide iretd

; A signal: rdx is the kernel's ucontext.
handler:
  push 2
  popf                  ; whatever the trial has done to AC and NT
  db 0x48, 0x8d, 0x1d   ; lea rbx, [rip + ...]
  dd control - behind
behind:
  mov [ebx+${CONTROL.signal}], edi
  wide mov esi, edx
  wide lea edi, [ebx+${CONTROL.context}]
  mov ecx, 29
  rep movsq
  wide mov esi, [edx+${CONTEXT.x87}]
  wide lea edi, [ebx+${CONTROL.x87After}]
  mov ecx, 64
  rep movsq
  mov [ebx+${CONTROL.selectorsAfter}], ds
  mov [ebx+${CONTROL.selectorsAfter + 2}], es
  mov [ebx+${CONTROL.selectorsAfter + 4}], fs
  mov [ebx+${CONTROL.selectorsAfter + 6}], gs
  wide mov esp, [ebx+${CONTROL.stackPointer}]
  mov ds, [ebx+${CONTROL.oldSelectors}]
  mov es, [ebx+${CONTROL.oldSelectors + 2}]
  mov fs, [ebx+${CONTROL.oldSelectors + 4}]
  mov gs, [ebx+${CONTROL.oldSelectors + 6}]
  mov edi, 0x1002       ; ARCH_SET_FS
  wide mov esi, [ebx+${CONTROL.fsBase}]
  call base
  mov edi, 0x1001       ; ARCH_SET_GS
  wide mov esi, [ebx+${CONTROL.gsBase}]
  call base
  mov edi, 0
  mov eax, 37
  syscall
  wide lea ebp, [ebx+${CONTROL.signals}]
remove:
  mov edi, [ebp]
  wide lea esi, [ebp+8]
  mov edx, 0
  call action
  wide add ebp, ${SIGNAL_BYTES}
  cmp dword [ebp], 0
  jne remove
  wide lea edi, [ebx+${CONTROL.oldStack}]
  mov esi, 0
  mov eax, 131
  syscall
  mov edi, 2
  wide lea esi, [ebx+${CONTROL.oldMask}]
  mov edx, 0
  call block
  mov eax, ${STATE}
  mov edx, 0
  xrstor ${CONTROL.oldState}
  db 0x41
  pop esp               ; r12
  pop ebp
  pop ebx
  ret

block:
  mov eax, 14           ; rt_sigprocmask
  jmp eight
action:
  mov eax, 13           ; rt_sigaction
eight:
  db 0x41
  mov edx, 8            ; r10
  syscall
  ret
base:
  mov eax, 158          ; arch_prctl
  syscall
  ret
  align ${CONTROL_AT}
control:
`;

/** Machine code of the way in and out. It can lie anywhere; the control block follows it. */
export function assembleGlue(): { bytes: Uint8Array; enter: number; handler: number } {
  const text = SOURCE.replaceAll('wide ', 'db 0x48\n')
    .replaceAll('rep movsq', 'db 0xf3, 0x48, 0xa5')
    .replaceAll('syscall', 'db 0x0f, 0x05')
    .replaceAll(/xsave (\d+)/g, 'db 0x0f, 0xae, 0xa3\ndd $1')
    .replaceAll(/\bxrstor (\d+)/g, 'db 0x0f, 0xae, 0xab\ndd $1')
    .replaceAll(/fxrstor (\d+)/g, 'db 0x0f, 0xae, 0x8b\ndd $1');
  const { bytes, labels } = assemble(text);
  return { bytes, enter: labels.get('enter')!, handler: labels.get('handler')! };
}
