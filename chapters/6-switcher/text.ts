import { GDT_ENTRY_TSS, LGUEST_CS, LGUEST_DS } from '../1-preparation/abi.ts';
import { pushesErrorCode, VECTORS } from '../1-preparation/traps.ts';
import { FRAME, REGISTER_PAGE, STATE_PAGE } from './pages.ts';
import { STATE_CHANGED, STATE_CR0, STATE_CR3, STATE_IDT_POINTER } from './pages.ts';

/** Everything the Switcher is, as assembly. `GDT_POINTER` and `HOST_CR3` are physical addresses. */
export function switcherText(): string {
  return [wayOut(), wayIn(), home(), powerOn(), stubs()].join('\n');
}

function wayOut(): string {
  return `
leave:
    push es
    push ds
    push fs
    push gs
    push ebp
    push edi
    push esi
    push edx
    push ecx
    push ebx
    push eax
    hlt`;
}

function wayIn(): string {
  return `
enter:
    cmp dword [ss:${STATE_PAGE + STATE_CHANGED}], 0
    jne elsewhere
restore:
    pop eax
    pop ebx
    pop ecx
    pop edx
    pop esi
    pop edi
    pop ebp
    pop gs
    pop fs
    pop ds
    pop es
    add esp, 8                ; the trap number and the error code
    iret

elsewhere:
    mov eax, [ss:${STATE_PAGE + STATE_CR3}]
    mov cr3, eax
    mov eax, [ss:${STATE_PAGE + STATE_CR0}]
    mov cr0, eax
    mov esp, ${REGISTER_PAGE + FRAME}
    jmp restore`;
}

function home(): string {
  return `
home:
    hlt
    jmp enter`;
}

function powerOn(): string {
  return `
power_on:
    lgdt [GDT_POINTER]
    mov eax, HOST_CR3
    mov cr3, eax
    mov eax, HOST_CR0
    mov cr0, eax
    jmp ${LGUEST_CS}:high
high:
    mov eax, ${LGUEST_DS}
    mov ss, ax
    xor eax, eax
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    lidt [ss:${STATE_PAGE + STATE_IDT_POINTER}]
    mov eax, ${GDT_ENTRY_TSS * 8}
    ltr ax
    jmp home`;
}

function stubs(): string {
  return Array.from({ length: VECTORS }, (_, vector) => stub(vector)).join('\n');
}

/** Where the processor lands for `vector`: makes the frame one size for all, and says which trap it was. */
function stub(vector: number): string {
  const error = pushesErrorCode(vector) ? '' : '    push 0\n';
  return `trap_${vector}:\n${error}    push ${vector}\n    jmp leave`;
}
