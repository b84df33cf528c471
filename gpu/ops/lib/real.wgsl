// How values are stored; all arithmetic is in f32. The loader makes it f16 where the device stores halves.
alias Real = f32;
