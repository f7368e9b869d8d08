/* What the demo uses of OpenSSL. */
#pragma once

#include <openssl/evp.h>
