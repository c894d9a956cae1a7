#include "interruption.h"

#include <signal.h>
#include <unistd.h>

#include "command.h"

static volatile sig_atomic_t
    interrupted; /* signals reach nothing else, but what is done at the second one */
static void (*last_act)(void);

static void on_interrupt(int signal_number)
{
    if (interrupted && signal_number != SIGPIPE) {
        if (last_act)
            last_act();
        _exit(EXIT_INTERRUPTED);
    }
    interrupted = 1;
}

/* SIGHUP: the terminal is gone; SIGPIPE: nobody reads what is printed. One that the parent has switched off (nohup) stays off. */
void interruption_watch(void (*abandon)(void))
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    struct sigaction action = {.sa_handler = on_interrupt}, before;
    last_act = abandon;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
}

bool interruption_came(void) { return interrupted != 0; }
