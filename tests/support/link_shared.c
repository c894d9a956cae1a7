#include "link_shared.h"

#include <spawn.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

bool link_shared(const char *output, const char *const *objects, uint32_t count)
{
    static const char *const command[] = {"cc", "-shared", "-fPIC", "-I", FTM_RUNTIME_DIR, "-o"};
    enum { FIXED = sizeof command / sizeof command[0] };
    const char *words[FIXED + LINK_SHARED_MAX + 2];
    memcpy(words, command, sizeof command);
    if (count > LINK_SHARED_MAX)
        return false;
    words[FIXED] = output;
    words[FIXED + 1 + count] = NULL;
    for (uint32_t i = 0; i < count; i++)
        words[FIXED + 1 + i] = objects[i];
    pid_t pid;
    int status;
    return posix_spawnp(&pid, words[0], NULL, NULL, (char *const *)words, environ) == 0 &&
           waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
