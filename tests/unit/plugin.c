/* A library to load, strip and replace: PLUGIN is part of each name. Built by
 * agent/module.mk. */
#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
#define NAME(what)  JOIN(PLUGIN, what)

typedef int callback_fn(int);

int NAME(_run)(callback_fn *back, int n);
int NAME(_after)(int n);
int run(callback_fn *back, int n);

/* In no dynamic symbol table, between two functions that are. */
__attribute__((noipa)) static int NAME(_inner)(callback_fn *back, int n)
{
    volatile int room[PLUGIN_ROOM];
    room[n & 7] = n;
    return back(n) + room[n & 7];
}

__attribute__((noipa)) int NAME(_run)(callback_fn *back, int n)
{
    return NAME(_inner)(back, n + 1) + 1;
}

__attribute__((noipa)) int NAME(_after)(int n)
{
    return n * 7;
}

__attribute__((noipa)) int run(callback_fn *back, int n)
{
    return NAME(_run)(back, n) + 2;
}
