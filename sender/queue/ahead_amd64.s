//go:build amd64 && !race

#include "textflag.h"

// func prefetch(a *ahead)
TEXT ·prefetch(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), DI

	MOVQ 0(DI), AX // a.lane
	PREFETCHT0 (AX)
	PREFETCHT0 64(AX)

	MOVQ 8(DI), AX // a.queue
	PREFETCHT0 (AX)
	PREFETCHT0 64(AX)

	MOVQ 16(DI), AX // a.block
	TESTQ AX, AX
	JEQ next
	PREFETCHT0 (AX)
	PREFETCHT0 64(AX)
	PREFETCHT0 128(AX)

next:
	MOVQ 24(DI), AX // a.payload
	MOVQ 32(DI), CX // a.payloadEnd
	TESTQ AX, AX
	JEQ done

line:
	PREFETCHT0 (AX)
	ADDQ $64, AX
	CMPQ AX, CX
	JCS line
	PREFETCHT0 (CX) // the line that an end in its midst leaves out

	MOVQ 40(DI), AX // a.items
	MOVQ 48(DI), CX // a.itemsEnd
	PREFETCHT0 (AX)
	PREFETCHT0 (CX)

done:
	RET
