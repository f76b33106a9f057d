/* A main for fuzz targets without libFuzzer: runs the target once on every
 * file named on the command line. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_BYTES = 4 << 20 };

static int replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = malloc(MAX_BYTES);
    if (!f || !bytes) {
        perror(path);
        free(bytes);
        return 1;
    }
    size_t n = fread(bytes, 1, MAX_BYTES, f);
    fclose(f);
    /* Exactly n bytes on the heap, so that the sanitizer sees an overrun. */
    uint8_t *exact = realloc(bytes, n ? n : 1);
    LLVMFuzzerTestOneInput(exact ? exact : bytes, n);
    free(exact ? exact : bytes);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= replay(argv[i]);
    return failed;
}
