/* liboath (oath-toolkit) at the same work as the other candidates. Prints operations a second:
   generate, verify right, verify wrong; the base32 secret is decoded every time, or once with "reused". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* From liboath/oath.h, which the run-time package does not bring. */
int oath_init(void);
int oath_base32_decode(const char *in, size_t inlen, char **out, size_t *outlen);
int oath_totp_generate(const char *secret, size_t length, time_t now, unsigned step, time_t start, unsigned digits,
                       char *otp);
int oath_totp_validate(const char *secret, size_t length, time_t now, unsigned step, time_t start, size_t window,
                       const char *otp);

static const char *base32;
static time_t now;
static char right[16], wrong[16];
static char *kept;
static size_t kept_length;
static int reused;

static void work(int kind) {
  char *secret = kept;
  size_t length = kept_length;
  char code[16];
  if (!reused) oath_base32_decode(base32, strlen(base32), &secret, &length);
  if (kind == 0) oath_totp_generate(secret, length, now, 30, 0, 6, code);
  else oath_totp_validate(secret, length, now, 30, 0, 1, kind == 1 ? right : wrong);
  if (!reused) free(secret);
}

int main(int count, char **arguments) {
  if (count < 7) return 2;
  base32 = arguments[1];
  now = atol(arguments[2]);
  strncpy(right, arguments[3], 15);
  strncpy(wrong, arguments[4], 15);
  double seconds = atof(arguments[5]);
  reused = strcmp(arguments[6], "reused") == 0;
  oath_init();
  oath_base32_decode(base32, strlen(base32), &kept, &kept_length);
  for (int kind = 0; kind < 3; kind++) {
    struct timespec start, end;
    long done = 0;
    double spent;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    do {
      for (int i = 0; i < 100; i++) work(kind);
      done += 100;
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
      spent = (end.tv_sec - start.tv_sec) + (end.tv_nsec - start.tv_nsec) / 1e9;
    } while (spent < seconds);
    printf("%.0f\n", done / spent);
  }
  return 0;
}
