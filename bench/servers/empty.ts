// The yardstick of what a process costs: it does nothing, and tells what that takes.

import { serve } from "./serve.js";

serve(0);
