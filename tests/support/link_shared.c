#include "link_shared.h"

#include <spawn.h>
#include <stddef.h>
#include <sys/wait.h>

extern char **environ;

bool link_shared(const char *output, const char *const *objects, uint32_t count)
{
    const char *words[LINK_SHARED_MAX + 5] = {"cc", "-shared", "-o", output};
    if (count > LINK_SHARED_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++)
        words[4 + i] = objects[i];
    pid_t pid;
    int status;
    return posix_spawnp(&pid, words[0], NULL, NULL, (char *const *)words, environ) == 0 &&
           waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
