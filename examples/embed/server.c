/* Answers on this machine only: server PORT. Who connects sends 28 x 28 grey bytes and reads what is on them. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "numerals.h"

static unsigned char memory[64 << 20];

static void answer(numerals_context *context, const numerals_model *model, int client)
{
    uint8_t pixels[28 * 28];
    float p[NUMERALS_OUTPUTS];
    int best = 0;
    const int whole = recv(client, pixels, sizeof pixels, MSG_WAITALL) == (ssize_t)sizeof pixels;
    if (whole &&
        numerals_predict_u8(context, pixels, 28, 28, 28, NUMERALS_GREY, p) == NUMERALS_OK) {
        for (int i = 1; i < NUMERALS_OUTPUTS; i++)
            best = p[i] > p[best] ? i : best;
        dprintf(client, "%s %.6f\n", numerals_class_name(model, best), (double)p[best]);
    }
    close(client);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    address.sin_port = htons((uint16_t)(argc == 2 ? strtol(argv[1], NULL, 10) : 0));
    unsigned char *workspace = memory + NUMERALS_ALIGNMENT - (uintptr_t)memory % NUMERALS_ALIGNMENT;
    numerals_model model;
    numerals_context *context;
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    if (server < 0 || numerals_model_open(&model, NUMERALS_ABI_VERSION, NULL, 0) != NUMERALS_OK ||
        numerals_init(&model, NULL, workspace, sizeof memory - NUMERALS_ALIGNMENT, &context) !=
            NUMERALS_OK ||
        bind(server, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server, 16) != 0)
        return 1;
    puts("ready");
    fflush(stdout);
    for (int client; (client = accept(server, NULL, NULL)) >= 0;)
        answer(context, &model, client);
    return 1;
}
