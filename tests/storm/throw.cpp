/* An exception through a few frames, for the storm: its unwinding is what
 * other profilers crash in. */
#include <stdexcept>

extern "C" int storm_throw(int depth);

static int __attribute__((noipa)) descend(int depth)
{
    if (depth == 0)
        throw std::runtime_error("storm");
    return descend(depth - 1) + 1;
}

extern "C" int storm_throw(int depth)
{
    try {
        return descend(depth);
    } catch (const std::exception &) {
        return -1;
    }
}
