/* Where the program lies. */
#ifndef FTMRT_APP_PROGRAM_FOLDER_H
#define FTMRT_APP_PROGRAM_FOLDER_H

/* The folder of the running file, without links in it and without a slash at its end; "." where the system does not say. Allocated. */
char *program_folder(void);

/* A path that starts there, canonical where it exists; an absolute one stays. Allocated. */
char *program_path(const char *path);

#endif
