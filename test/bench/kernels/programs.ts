/** Where the kernels run and what they may write: the same linear addresses on every processor. */
export const CODE_AT = 0x6800_0000;
export const DATA_AT = 0x6900_0000;
export const DATA_BYTES = 16 << 20;

/** A small program in machine language: called, it returns a checksum in EAX. It may use all other registers. */
export interface Kernel {
  name: string;
  /** Assembly text; `data` is the address of 16 MiB that are there to be written. */
  text: string;
}

export const KERNELS: readonly Kernel[] = [
  {
    name: 'alu',
    text: `
      mov ecx, 4000000
      mov eax, 0x12345678
      mov edx, 0x9e3779b9
    again:
      mov ebx, eax
      shl ebx, 13
      xor eax, ebx
      mov ebx, eax
      shr ebx, 17
      xor eax, ebx
      mov ebx, eax
      shl ebx, 5
      xor eax, ebx
      add eax, edx
      lea edx, [edx + eax*4 + 7]
      dec ecx
      jnz again
      ret`,
  },
  {
    name: 'sieve',
    text: `
      mov edi, data
      mov ecx, 250000
      mov eax, 0x01010101
      rep stosd
      xor eax, eax            ; primes found
      mov esi, 2
    next:
      cmp byte [data + esi], 0
      je composite
      inc eax
      mov edx, esi
      imul edx, esi
      cmp esi, 1000
      jae composite
    strike:
      cmp edx, 1000000
      jae composite
      mov byte [data + edx], 0
      add edx, esi
      jmp strike
    composite:
      inc esi
      cmp esi, 1000000
      jb next
      ret`,
  },
  {
    name: 'crc32',
    text: `
      xor ecx, ecx            ; the table
    entry:
      mov eax, ecx
      mov edx, 8
    bit:
      shr eax, 1
      jnc even
      xor eax, 0xedb88320
    even:
      dec edx
      jnz bit
      mov [data + ecx*4], eax
      inc ecx
      cmp ecx, 256
      jb entry
      mov edi, data + 0x1000  ; one MiB of text
      mov ecx, 0x40000
      mov eax, 1
    text:
      imul eax, eax, 1664525
      add eax, 1013904223
      mov [edi], eax
      add edi, 4
      dec ecx
      jnz text
      mov eax, -1
      mov esi, data + 0x1000
      mov ecx, 0x100000
    byte_:
      movzx edx, byte [esi]
      mov ebx, eax
      and ebx, 0xff
      xor edx, ebx
      shr eax, 8
      xor eax, [data + edx*4]
      inc esi
      dec ecx
      jnz byte_
      not eax
      ret`,
  },
  {
    name: 'rep movs',
    text: `
      mov edi, data
      mov ecx, 0x40000
      mov eax, 0x2545f491
    fill:
      mov [edi], eax
      rol eax, 5
      add eax, ecx
      add edi, 4
      dec ecx
      jnz fill
      mov ebp, 64
    copy:
      mov esi, data
      mov edi, data + 0x23b000
      mov ecx, 0x40000
      rep movsd
      inc dword [data + 0x1000]
      dec ebp
      jnz copy
      mov eax, [data + 0x23c000]
      add eax, [data + 0x33aff8]
      ret`,
  },
  {
    name: 'copy loop',
    text: `
      mov edi, data
      mov ecx, 0x40000
      mov eax, 0x2545f491
    fill:
      mov [edi], eax
      rol eax, 5
      add eax, ecx
      add edi, 4
      dec ecx
      jnz fill
      mov ebp, 16
    copy:
      mov esi, data
      mov edi, data + 0x23b000
      mov ecx, 0x10000
    words:
      mov eax, [esi]
      mov ebx, [esi + 4]
      mov [edi], eax
      mov [edi + 4], ebx
      mov eax, [esi + 8]
      mov ebx, [esi + 12]
      mov [edi + 8], eax
      mov [edi + 12], ebx
      add esi, 16
      add edi, 16
      dec ecx
      jnz words
      inc dword [data + 0x1000]
      dec ebp
      jnz copy
      mov eax, [data + 0x23c000]
      add eax, [data + 0x33aff8]
      ret`,
  },
  {
    name: 'quicksort',
    text: `
      mov edi, data
      mov ecx, 100000
      mov eax, 42
    random:
      imul eax, eax, 1103515245
      add eax, 12345
      mov edx, eax
      shr edx, 4
      mov [edi], edx
      add edi, 4
      dec ecx
      jnz random
      push data + 4*99999
      push data
      call sort
      add esp, 8
      xor eax, eax            ; every 97th, weighted by a rotation
      mov esi, data
    sum:
      rol eax, 3
      add eax, [esi]
      add esi, 4*97
      cmp esi, data + 4*100000
      jb sum
      ret
    sort:                     ; (first, last): Hoare's partition around the middle
      push ebp
      mov ebp, esp
      push esi
      push edi
      mov esi, [ebp + 8]
      mov edi, [ebp + 12]
      cmp esi, edi
      jae sorted
      lea eax, [esi + edi]
      shr eax, 1
      and eax, -4
      mov eax, [eax]
    left:
      cmp [esi], eax
      jae right
      add esi, 4
      jmp left
    right:
      cmp [edi], eax
      jbe swap
      sub edi, 4
      jmp right
    swap:
      cmp esi, edi
      ja halves
      mov ecx, [esi]
      mov edx, [edi]
      mov [esi], edx
      mov [edi], ecx
      add esi, 4
      sub edi, 4
      cmp esi, edi
      jbe left
    halves:
      push edi
      push dword [ebp + 8]
      call sort
      add esp, 8
      push dword [ebp + 12]
      push esi
      call sort
      add esp, 8
    sorted:
      pop edi
      pop esi
      pop ebp
      ret`,
  },
  {
    name: 'fib',
    text: `
      push 29
      call fib
      add esp, 4
      ret
    fib:
      push ebp
      mov ebp, esp
      push ebx
      mov eax, [ebp + 8]
      cmp eax, 2
      jb small
      dec eax
      push eax
      call fib
      add esp, 4
      mov ebx, eax
      mov eax, [ebp + 8]
      sub eax, 2
      push eax
      call fib
      add esp, 4
      add eax, ebx
    small:
      pop ebx
      pop ebp
      ret`,
  },
  {
    name: 'dhrystone',
    text: `
      mov ecx, 16             ; two strings that differ late
      mov edi, data
    letters:
      lea eax, [ecx + 'A']
      mov [edi], al
      mov [edi + 64], al
      inc edi
      dec ecx
      jnz letters
      mov byte [data + 64 + 15], 'z'
      mov dword [data + 0x100], 0
      mov ebp, 300000
      xor ebx, ebx
    round:
      mov esi, data           ; compare
      mov edi, data + 64
    compare:
      mov al, [esi]
      cmp al, [edi]
      jne differs
      inc esi
      inc edi
      jmp compare
    differs:
      movzx eax, byte [edi]
      add ebx, eax
      mov eax, ebp            ; a procedure by its number
      and eax, 3
      push ebx
      call [eax*4 + procedures]
      add esp, 4
      mov ebx, eax
      mov ecx, 8              ; assign a record
      mov esi, data
      mov edi, data + 0x200
    assign:
      mov edx, [esi]
      mov [edi], edx
      add esi, 4
      add edi, 4
      dec ecx
      jnz assign
      mov eax, ebx            ; a switch
      and eax, 7
      jmp [eax*4 + cases]
    zero:
      add ebx, 17
      jmp done
    one:
      xor ebx, 0x55aa
      jmp done
    two:
      rol ebx, 3
      jmp done
    three:
      not ebx
    done:
      dec ebp
      jnz round
      mov eax, ebx
      add eax, [data + 0x100]
      ret
    first:
      mov eax, [esp + 4]
      lea eax, [eax + eax*4 + 1]
      ret
    second:
      mov eax, [esp + 4]
      inc dword [data + 0x100]
      xor eax, 0x1234567
      ret
    third:
      push dword [esp + 4]
      call first
      add esp, 4
      sub eax, 9
      ret
    fourth:
      mov eax, [esp + 4]
      cdq
      mov ecx, 10
      idiv ecx
      add eax, edx
      ret
      align 4
    procedures:
      dd first, second, third, fourth
    cases:
      dd zero, one, two, three, two, one, zero, done`,
  },
  {
    name: '64-bit',
    text: `
      mov ecx, 1500000
      mov eax, 0x89abcdef
      mov edx, 0x01234567
      mov esi, 0x76543210
      mov edi, 0xfedcba98
      xor ebx, ebx
    again:
      add eax, esi
      adc edx, edi
      sub esi, ebx
      sbb edi, eax
      mov ebp, edx
      shld edx, eax, 7
      shld eax, ebp, 7
      mov ebx, eax
      mul dword [factor]
      add eax, edi
      adc edx, 0
      xor edi, edx
      neg esi
      sbb ebp, ebp
      sub edi, ebp
      dec ecx
      jnz again
      xor eax, edx
      xor eax, esi
      xor eax, edi
      ret
      align 4
    factor:
      dd 0xdeadbeef`,
  },
  {
    name: 'pointer chase',
    text: `
      xor ecx, ecx            ; a ring through 4 MiB, by a generator whose period is all of it
    link:
      mov eax, ecx
      imul eax, eax, 1664525
      add eax, 1013904223
      and eax, 0xfffff
      lea eax, [eax*4 + data]
      mov [ecx*4 + data], eax
      inc ecx
      cmp ecx, 0x100000
      jb link
      mov ecx, 2000000
      mov eax, data
      xor edx, edx
    step:
      mov eax, [eax]
      add edx, eax
      dec ecx
      jnz step
      add eax, edx
      ret`,
  },
];
