//go:build amd64 && !race

#include "textflag.h"

// PREFETCHW (AX) and PREFETCHW (CX): the memory is asked for to be written, so that no
// other processor keeps it. The assembler does not know them. Processors that lack them
// take them for no operation.
#define ASK_AX BYTE $0x0F; BYTE $0x0D; BYTE $0x08
#define ASK_CX BYTE $0x0F; BYTE $0x0D; BYTE $0x09

// func prefetch(a *ahead)
TEXT ·prefetch(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), DI

	MOVQ 0(DI), AX // a.lane
	ASK_AX
	ADDQ $64, AX
	ASK_AX

	MOVQ 8(DI), AX // a.queue
	ASK_AX
	ADDQ $64, AX
	ASK_AX

	MOVQ 16(DI), AX // a.block
	TESTQ AX, AX
	JEQ next
	ASK_AX
	ADDQ $64, AX
	ASK_AX
	ADDQ $64, AX
	ASK_AX

next:
	MOVQ 24(DI), AX // a.payload
	MOVQ 32(DI), CX // a.payloadEnd
	TESTQ AX, AX
	JEQ done

line:
	ASK_AX
	ADDQ $64, AX
	CMPQ AX, CX
	JCS line
	ASK_CX // the line that an end in its midst leaves out

	MOVQ 40(DI), AX // a.items
	MOVQ 48(DI), CX // a.itemsEnd
	ASK_AX
	ASK_CX

done:
	RET
