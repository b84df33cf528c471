// How values are stored; all arithmetic is in f32. The loader makes it f16 if the device stores f16.
alias Real = f32;
