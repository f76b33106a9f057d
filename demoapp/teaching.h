/*
 * What keeps a lesson on the stack. TEACHING functions are compiled as if
 * nobody could see into them: not inlined, cloned, hoisted out of a loop or
 * found pure, so the frame a student looks for is there. Results must still
 * be used by the caller.
 */
#ifndef FK_DEMOAPP_TEACHING_H
#define FK_DEMOAPP_TEACHING_H

#ifdef TEACHING_OFF
#define TEACHING
#elif defined __clang__
#define TEACHING __attribute__((noinline))
#else
#define TEACHING __attribute__((noipa))
#endif

/* gcc gives a leaf function no frame of its own, and a profiler that walks
 * frame pointers then loses the leaf's caller. This asks for the frame. */
static inline __attribute__((always_inline)) void teaching_keep_frame(void)
{
    __asm__ volatile("" : : "r"(__builtin_frame_address(0)));
}

#endif
